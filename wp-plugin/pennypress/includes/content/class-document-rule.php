<?php
/**
 * What of the site the service may know.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * The one place that decides whether a post is sent. What any visitor can open may be; a draft, a private page or one with a
 * password never is, whatever the settings say.
 */
final class Document_Rule {

	/** Where a person says "Keep this page out of the chat's answers". */
	const KEEP_OUT = '_pennypress_keep_out';

	/** Where plugins for search engines keep "noindex": meta key => how its value says so. */
	const NOINDEX = array(
		'_yoast_wpseo_meta-robots-noindex' => '/^1$/',
		'rank_math_robots'                 => '/noindex/',
		'_seopress_robots_index'           => '/^yes$/',
		'_genesis_noindex'                 => '/^1$/',
	);

	/** Pages of a shop that show each visitor something else, and nothing that answers a question. */
	const SHOP_PAGES = array( 'cart', 'checkout', 'myaccount' );

	/**
	 * The kinds of posts that have pages of their own.
	 *
	 * @return \WP_Post_Type[] By name.
	 */
	public static function possible_types() {
		$types = array_filter( get_post_types( array( 'public' => true ), 'objects' ), 'is_post_type_viewable' );
		unset( $types['attachment'] ); // A file: its page says nothing, and its status is its parent's.
		return $types;
	}

	/**
	 * The kinds of posts that the service learns.
	 *
	 * @return string[]
	 */
	public static function types() {
		$wanted   = Settings::all()['learn_types'];
		$possible = array_keys( self::possible_types() );
		return is_array( $wanted ) ? array_values( array_intersect( $possible, $wanted ) ) : $possible;
	}

	/**
	 * Whether the service may know a post as it is now.
	 *
	 * @param \WP_Post|null $post A post.
	 * @return bool
	 */
	public static function wants( $post ) {
		if ( ! $post || 'publish' !== $post->post_status || '' !== $post->post_password || ! in_array( $post->post_type, self::types(), true ) ) {
			return false;
		}
		/**
		 * Whether the service may know a published post without a password.
		 *
		 * @param bool     $wanted What the settings say.
		 * @param \WP_Post $post   The post.
		 */
		return (bool) apply_filters( 'pennypress_learn_post', ! self::left_out( $post ), $post );
	}

	/**
	 * Whether another document may name a post: any visitor can open it, and nobody has said that it be left out.
	 *
	 * @param \WP_Post|null $post A post of any kind.
	 * @return bool
	 */
	public static function may_be_named( $post ) {
		return $post && 'publish' === $post->post_status && '' === $post->post_password && ! self::is_kept_out( $post );
	}

	/**
	 * Whether a post is left out, by a person or by what it is.
	 *
	 * @param \WP_Post $post A published post.
	 * @return bool
	 */
	private static function left_out( $post ) {
		return self::is_kept_out( $post ) || ( ! Settings::all()['learn_noindex'] && self::is_noindex( $post->ID ) ) || self::is_useless( $post ) || Members_Only::has( $post );
	}

	/**
	 * Whether a person has said that a post be left out, in whatever way.
	 *
	 * @param \WP_Post $post A published post.
	 * @return bool
	 */
	private static function is_kept_out( $post ) {
		$settings = Settings::all();
		return get_post_meta( $post->ID, self::KEEP_OUT, true )
			|| in_array( $post->ID, $settings['learn_exclude'], true )
			|| self::has_term( $post, $settings['learn_exclude_terms'] );
	}

	/**
	 * Whether a post stands in one of some categories, or below one of them.
	 *
	 * @param \WP_Post $post  A post.
	 * @param int[]    $terms Ids of terms.
	 * @return bool
	 */
	private static function has_term( $post, array $terms ) {
		if ( ! $terms ) {
			return false;
		}
		foreach ( get_object_taxonomies( $post ) as $taxonomy ) {
			$found = get_the_terms( $post, $taxonomy );
			foreach ( is_array( $found ) ? $found : array() as $term ) {
				$above = is_taxonomy_hierarchical( $taxonomy ) ? get_ancestors( $term->term_id, $taxonomy, 'taxonomy' ) : array();
				if ( array_intersect( array_merge( array( $term->term_id ), $above ), $terms ) ) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * Whether search engines are asked to leave a post alone.
	 *
	 * @param int $post_id A post's id.
	 * @return bool
	 */
	private static function is_noindex( $post_id ) {
		foreach ( self::NOINDEX as $key => $pattern ) {
			$value = get_post_meta( $post_id, $key, true );
			$value = is_array( $value ) ? implode( ',', array_filter( $value, 'is_string' ) ) : (string) $value;
			if ( '' !== $value && preg_match( $pattern, $value ) ) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether a post has a page, but none with content of its own.
	 *
	 * @param \WP_Post $post A post.
	 * @return bool
	 */
	private static function is_useless( $post ) {
		if ( 'page' === $post->post_type ) {
			if ( (int) get_option( 'page_for_posts' ) === $post->ID && 'page' === get_option( 'show_on_front' ) ) {
				return true; // The list of posts stands there in place of the page.
			}
			foreach ( function_exists( 'wc_get_page_id' ) ? self::SHOP_PAGES : array() as $name ) {
				if ( (int) wc_get_page_id( $name ) === $post->ID ) {
					return true;
				}
			}
			return false;
		}
		return 'product' === $post->post_type && Product_Facts::is_hidden( $post->ID );
	}
}
