<?php
/**
 * The site's menus as one document.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Where things are on the site: what the menus call a page, and its address. Both kinds of menus: those of Appearance → Menus
 * and the navigation blocks of block themes.
 */
final class Menu_Document {

	const ID = 'wp-menus';

	/** Menus, and entries of a menu, that are looked at. */
	const MOST_MENUS   = 20;
	const MOST_ENTRIES = 300;

	/** Blocks of a navigation that name a page. */
	const LINKS = array( 'core/navigation-link', 'core/navigation-submenu', 'core/home-link' );

	/**
	 * The document, or null if the site has no menu.
	 *
	 * @return array<string, string>|null
	 */
	public static function build() {
		if ( ! Settings::all()['learn_menus'] ) {
			return null;
		}
		return Visitor_View::during(
			null,
			static function () {
				return self::make();
			}
		);
	}

	/**
	 * Makes the document in the visitor's view: some entries may be for users only.
	 *
	 * @return array<string, string>|null
	 */
	private static function make() {
		$html = implode( '', array_merge( self::classic_menus(), self::navigations() ) );
		if ( '' === $html ) {
			return null;
		}
		$site = Plain_Text::of( get_bloginfo( 'name' ) );
		return array(
			'id'     => self::ID,
			'url'    => home_url( '/' ),
			/* translators: %s: name of the site */
			'title'  => sprintf( __( 'Menu of %s: where to find what', 'pennypress' ), $site ),
			'html'   => $html,
			'locale' => str_replace( '_', '-', get_locale() ),
			'kind'   => 'menu',
		);
	}

	/**
	 * What tells a version of the document from another.
	 *
	 * @param array<string, string> $document The document.
	 * @return string 32 characters.
	 */
	public static function fingerprint( array $document ) {
		return md5( (string) wp_json_encode( $document ) );
	}

	/**
	 * The menus that the theme shows.
	 *
	 * @return string[] HTML.
	 */
	private static function classic_menus() {
		$found = array();
		foreach ( array_slice( array_unique( array_filter( get_nav_menu_locations() ) ), 0, self::MOST_MENUS ) as $menu_id ) {
			$menu  = wp_get_nav_menu_object( $menu_id );
			$lines = array();
			foreach ( $menu ? array_slice( (array) wp_get_nav_menu_items( $menu_id ), 0, self::MOST_ENTRIES ) : array() as $item ) {
				// An entry may name a page that not everybody may see, or that is kept out of the answers.
				if ( 'post_type' !== $item->type || Document_Rule::may_be_named( get_post( $item->object_id ) ) ) {
					$lines[] = self::entry( $item->title, $item->url );
				}
			}
			$found[] = self::menu( $menu ? $menu->name : '', $lines );
		}
		return $found;
	}

	/**
	 * The navigation menus of block themes.
	 *
	 * @return string[] HTML.
	 */
	private static function navigations() {
		$found = array();
		foreach ( get_posts(
			array(
				'post_type'      => 'wp_navigation',
				'post_status'    => 'publish',
				'posts_per_page' => self::MOST_MENUS,
				'no_found_rows'  => true,
				'orderby'        => 'ID',
				'order'          => 'ASC',
			)
		) as $navigation ) {
			$found[] = self::menu( $navigation->post_title, array_slice( self::links( parse_blocks( $navigation->post_content ) ), 0, self::MOST_ENTRIES ) );
		}
		return $found;
	}

	/**
	 * The entries in some blocks and in the blocks inside of them.
	 *
	 * @param array[] $blocks As parse_blocks() returns them.
	 * @return string[] HTML.
	 */
	private static function links( array $blocks ) {
		$lines = array();
		foreach ( $blocks as $block ) {
			$attributes = $block['attrs'];
			if ( in_array( $block['blockName'], self::LINKS, true ) && ! empty( $attributes['label'] ) ) {
				$page = isset( $attributes['kind'], $attributes['id'] ) && 'post-type' === $attributes['kind'] ? get_post( (int) $attributes['id'] ) : null;
				if ( ! $page || Document_Rule::may_be_named( $page ) ) {
					$lines[] = self::entry( (string) $attributes['label'], isset( $attributes['url'] ) ? (string) $attributes['url'] : home_url( '/' ) );
				}
			}
			$lines = array_merge( $lines, self::links( $block['innerBlocks'] ) );
		}
		return $lines;
	}

	/**
	 * One entry.
	 *
	 * @param string $title What the menu calls it.
	 * @param string $url   Where it leads.
	 * @return string HTML.
	 */
	private static function entry( $title, $url ) {
		return '<li><a href="' . esc_url( $url ) . '">' . esc_html( Plain_Text::of( $title ) ) . '</a>: ' . esc_html( esc_url_raw( $url ) ) . '</li>';
	}

	/**
	 * One menu.
	 *
	 * @param string   $name  Its name.
	 * @param string[] $lines Its entries, as HTML.
	 * @return string HTML; empty if it has none.
	 */
	private static function menu( $name, array $lines ) {
		$lines = array_unique( array_filter( $lines ) );
		return $lines ? '<h2>' . esc_html( $name ) . '</h2><ul>' . implode( '', $lines ) . '</ul>' : '';
	}
}
