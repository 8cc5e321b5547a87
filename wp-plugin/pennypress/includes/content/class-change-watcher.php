<?php
/**
 * Notices what changes on the site.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * While WordPress saves, a change costs one entry in a list. When the response is on its way, the list goes to the queue, and
 * the queue to the service.
 */
final class Change_Watcher {

	/** Posts that are noted before they go to the queue in the middle of a long program, such as an import. */
	const MOST_NOTED = 50;

	/** Posts that hold one and the same pattern and are sent anew when it changes. */
	const MOST_WITH_BLOCK = 500;

	/** Seconds to work in when no other request can. */
	const SHIFT = 10;

	/**
	 * What changed: blog id => post id => true.
	 *
	 * @var array<int, array<int, bool>>
	 */
	private static $noted = array();

	/**
	 * Patterns that changed: blog id => post id => true.
	 *
	 * @var array<int, array<int, bool>>
	 */
	private static $blocks = array();

	/**
	 * Sites on whose queue this request has put something: blog id => true.
	 *
	 * @var array<int, bool>
	 */
	private static $queued = array();

	/**
	 * Whether the end of the request is watched.
	 *
	 * @var bool
	 */
	private static $waiting = false;

	/**
	 * A post was saved, with its terms and meta data.
	 *
	 * @param int           $post_id A post's id.
	 * @param \WP_Post      $post    The post.
	 * @param bool          $update  Whether it was there before.
	 * @param \WP_Post|null $before  What it was.
	 */
	public static function post_saved( $post_id, $post, $update = false, $before = null ) {
		self::note( $post_id );
		if ( $before && is_post_type_hierarchical( $post->post_type ) && 'publish' === $post->post_status && ( $before->post_name !== $post->post_name || $before->post_parent !== $post->post_parent ) ) {
			foreach ( get_pages(
				array(
					'child_of'  => $post_id,
					'post_type' => $post->post_type,
				)
			) as $child ) {
				self::note( $child->ID ); // Its address begins with its parent's.
			}
		}
	}

	/**
	 * A post's status changed.
	 *
	 * @param string   $now    What it is.
	 * @param string   $before What it was.
	 * @param \WP_Post $post   The post.
	 */
	public static function status_changed( $now, $before, $post ) {
		self::note( $post->ID );
		if ( $now !== $before && in_array( 'publish', array( $now, $before ), true ) ) {
			self::note( Document_Table::MENUS ); // An entry for it comes or goes.
		}
	}

	/**
	 * A post was deleted.
	 *
	 * @param int      $post_id A post's id.
	 * @param \WP_Post $post    What it was.
	 */
	public static function post_deleted( $post_id, $post ) {
		if ( 'nav_menu_item' === $post->post_type ) {
			self::note( Document_Table::MENUS );
		} elseif ( in_array( $post->post_type, Document_Rule::types(), true ) ) {
			self::remember( $post_id );
		}
	}

	/**
	 * Meta data of a post changed.
	 *
	 * @param int|int[] $meta_id Its id.
	 * @param int       $post_id A post's id.
	 * @param string    $key     Its key.
	 */
	public static function meta_changed( $meta_id, $post_id, $key ) {
		if ( Document_Rule::KEEP_OUT === $key ) {
			self::note( Document_Table::MENUS ); // They do not name what is kept out.
		}
		if ( Document_Rule::KEEP_OUT === $key || isset( Document_Rule::NOINDEX[ $key ] ) || in_array( $key, Product_Facts::META, true ) ) {
			self::note( $post_id );
		}
	}

	/**
	 * A product or one of its variants changed.
	 *
	 * @param int|\WC_Product $product It, or its id.
	 */
	public static function product_changed( $product ) {
		$id     = is_object( $product ) ? $product->get_id() : (int) $product;
		$parent = wp_get_post_parent_id( $id );
		self::note( $parent ? $parent : $id );
	}

	/**
	 * A menu, or where it is shown, changed.
	 */
	public static function menus_changed() {
		self::note( Document_Table::MENUS );
	}

	/**
	 * Notes a post, if it may matter.
	 *
	 * @param int $post_id A post's id, or Document_Table::MENUS.
	 */
	public static function note( $post_id ) {
		if ( ! Settings::learns( Settings::all() ) ) {
			return;
		}
		$type = Document_Table::MENUS === $post_id ? '' : get_post_type( $post_id );
		if ( 'nav_menu_item' === $type || 'wp_navigation' === $type ) {
			$post_id = Document_Table::MENUS;
		} elseif ( 'wp_block' === $type ) {
			self::$blocks[ get_current_blog_id() ][ (int) $post_id ] = true;
			self::watch_the_end();
			return;
		} elseif ( '' !== $type && ! in_array( $type, Document_Rule::types(), true ) ) {
			return;
		}
		self::remember( $post_id );
	}

	/**
	 * Puts a post on the list.
	 *
	 * @param int $post_id A post's id, or Document_Table::MENUS.
	 */
	private static function remember( $post_id ) {
		if ( ! Settings::learns( Settings::all() ) ) {
			return;
		}
		self::$noted[ get_current_blog_id() ][ (int) $post_id ] = true;
		self::watch_the_end();
		if ( count( self::$noted[ get_current_blog_id() ] ) >= self::MOST_NOTED ) {
			self::to_the_queue();
		}
	}

	/**
	 * Sees to it that the list is not forgotten.
	 */
	private static function watch_the_end() {
		if ( ! self::$waiting ) {
			self::$waiting = true;
			add_action( 'shutdown', array( self::class, 'after_response' ), 1000 );
		}
	}

	/**
	 * The request is over: what was noted is sent.
	 */
	public static function after_response() {
		$alone = Loopback::end_response();
		self::to_the_queue();
		if ( ! isset( self::$queued[ get_current_blog_id() ] ) ) {
			return;
		}
		if ( 'cli' === PHP_SAPI || wp_doing_cron() ) {
			Worker::work( self::SHIFT );
		} elseif ( ! $alone ) {
			Loopback::ask( false );
		} elseif ( ! Loopback::ask( true ) ) {
			Worker::work( self::SHIFT );
		}
	}

	/**
	 * Puts on the queue what was noted and matters: what the service may know, and what it knows already. WP-Cron is told at once:
	 * a program can end at any moment, and one that a shortcode ends while it shuts down calls nothing of ours any more.
	 */
	private static function to_the_queue() {
		$blogs = array_unique( array_merge( array_keys( self::$noted ), array_keys( self::$blocks ) ) );
		foreach ( $blogs as $blog ) {
			$ids    = isset( self::$noted[ $blog ] ) ? self::$noted[ $blog ] : array();
			$blocks = isset( self::$blocks[ $blog ] ) ? self::$blocks[ $blog ] : array();
			unset( self::$noted[ $blog ], self::$blocks[ $blog ] );
			$other = is_multisite() && get_current_blog_id() !== $blog;
			if ( $other ) {
				switch_to_blog( $blog );
			}
			foreach ( array_keys( $blocks ) as $block ) {
				$ids += array_fill_keys( Post_Walk::with_block( $block, self::MOST_WITH_BLOCK ), true );
			}
			if ( self::queue_some( array_keys( $ids ) ) ) {
				self::$queued[ $blog ] = true;
				Worker::plan();
			}
			if ( $other ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * Puts posts of the current site on the queue, if they matter.
	 *
	 * @param int[] $ids Posts.
	 * @return bool Whether any does.
	 */
	private static function queue_some( array $ids ) {
		$queued = false;
		foreach ( array_chunk( $ids, self::MOST_NOTED ) as $some ) {
			$matter = array();
			foreach ( $some as $id ) {
				if ( Document_Table::MENUS === $id || Document_Rule::wants( get_post( $id ) ) || Document_Table::knows( $id ) ) {
					$matter[] = $id;
				}
			}
			if ( $matter ) {
				$queued = true;
				self::enqueue( $matter );
			}
		}
		return $queued;
	}

	/**
	 * Puts posts of the current site on the queue. If it does not take them, a comparison finds them.
	 *
	 * @param int[] $ids Posts that matter.
	 */
	private static function enqueue( array $ids ) {
		if ( Document_Table::enqueue( $ids, true ) ) {
			return;
		}
		Comparison::begin_soon(); // It makes the table, if that is what is missing.
		if ( ! Document_Table::enqueue( $ids, true ) ) {
			Delivery_State::went_wrong( Service_Trouble::of_the_database()->message, 0 );
		}
	}
}
